package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	pack "yingda/dialogue/standard"
)

const serviceHelp = `Looks after the service pack: the folder of tasks, scripts, knowledge, queues and follow-ups that a robot works with.

  export DIR    write the built-in pack to a new folder, to be edited and given to 'yingda serve --service DIR'
  check DIR     read a pack and list everything that is wrong with it; with --actions also the calls that no system answers`

func runService(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "service", "export|check DIR", serviceHelp)
	actions := fs.String("actions", "", "check: `file` that says which systems answer which calls")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 2 {
		fs.Usage()
		return errUsage
	}
	switch words[0] {
	case "export":
		return serviceExport(words[1], std)
	case "check":
		return serviceCheck(words[1], *actions, std)
	}
	fs.Usage()
	return errUsage
}

func serviceExport(dir string, std stdio) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("service export: %s is not empty: nothing is written over", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("service export: %w", err)
	}
	if err := os.CopyFS(dir, pack.Files()); err != nil {
		return fmt.Errorf("service export: %w", err)
	}
	_, err := fmt.Fprintf(std.out, "%s holds the built-in service pack; edit it and run 'yingda serve --service %s'\n", dir, dir)
	return err
}

func serviceCheck(dir, actions string, std stdio) error {
	p, err := loadPack(dir)
	if err != nil {
		return err
	}
	if actions != "" {
		client, err := openActions(actions, nil)
		if err != nil {
			return err
		}
		defer client.Close()
		if missing := client.Missing(p.Calls()...); len(missing) > 0 {
			return fmt.Errorf("service check: no system of %s answers %v", actions, missing)
		}
	}
	_, err = fmt.Fprintf(std.out, "%s: %d tasks, %d scripts, %d entries of knowledge; nothing is wrong\n", dir, len(p.Tasks.Tasks()), len(p.Scripts.Keys()), len(p.Knowledge))
	return err
}
