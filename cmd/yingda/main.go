// Yingda is a customer-service robot: it understands Chinese and English messages, holds the conversation, and counts what happens.
//
// This package is the only place that reads flags and the environment and puts the parts together. One subcommand a file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

// command is a subcommand. run gets the arguments after the name.
type command struct {
	name, args, help string
	run              func(ctx context.Context, args []string, std stdio) error
}

// stdio are the streams of the process; tests put their own.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// commands lists the subcommands in the order the help shows them.
func commands() []command {
	return []command{
		{"serve", "", "serve the HTTP API", runServe},
		{"parse", "TEXT…", "analyse texts", runParse},
		{"eval", "--data FILE", "measure a bundle on labelled data", runEval},
		{"eval-values", "--specs DIR", "measure the finders of values on test specifications", runEvalValues},
		{"train", "", "train a bundle", runTrain},
		{"data", "check|convert", "check labelled data, convert between formats", runData},
		{"simulate-routing", "--generate | --arrivals FILE", "replay a day of arrivals against queues and agents", runSimulateRouting},
		{"knowledge", "import|check|eval|search", "look after the entries that answer questions", runKnowledge},
		{"test", "[FILE|DIR…]", "play conversations that are written as tests", runTest},
		{"replay", "", "do logged turns again with another bundle or service pack", runReplay},
		{"service", "export|check DIR", "look after the service pack: tasks, scripts, knowledge, queues", runService},
		{"experiment", "list|check|assign|…", "look after experiments: trials of variants on a part of the customers", runExperiment},
		{"analyse", "", "keep the warehouse of what happened, and answer questions about it", runAnalyse},
		{"lake", "status|files|verify|repair|seal|rebuild", "look after the warehouse and its Parquet files", runLake},
		{"demo-shop", "", "serve a small shop to try the robot out with", runDemoShop},
		{"report", "NAME", "answer a report: how many, how fast, how well", runReport},
		{"mine", "groups|show|accept|assign|rename|merge|refuse|reopen|label|export", "find what was asked and not understood, and review it", runMine},
		{"demo-data", "--out DIR | --dir DIR | --log DIR", "write a year of a shop's traffic, with the truth beside it", runDemoData},
		{"import", "FILE… --mapping FILE", "take logs of other systems into the warehouse", runImport},
		{"export", "[NAME]", "write records of finished conversations; see how deliveries do", runExport},
		{"noise", "", "list messages whose intent is probably wrong", runNoise},
		{"quality", "", "measure the training recipe on public data sets", runQuality},
		{"curve", "", "learning curve over the size of the corpus", runCurve},
		{"promote", "BUNDLE --data FILE", "measure a bundle beside the champion and give it the next role", runPromote},
		{"retrain", "[resume|status|…]", "from accepted labels to a new champion, step by step", runRetrain},
		{"retrain-demo", "", "show on demo data that the loop closes: drift, experiments, mining, retraining", runRetrainDemo},
		{"bundle", "list|inspect|verify|activate|rollback|pull", "manage bundles", runBundle},
		{"keys", "new|erase|erasures|rotate", "manage the keys of the event log; erase customers", runKeys},
		{"api-key", "ID --roles ROLES", "make a key for the HTTP API", runAPIKey},
		{"backup", "DEST", "copy the event log", runBackup},
		{"restore", "SRC", "fill a new event log from a backup", runRestore},
		{"eventlog", "verify", "check the event log for damage", runEventlog},
		{"bench", "", "measure speed, beside peers", runBench},
		{"bench-turns", "", "measure whole turns of conversations: speed, waits, memory", runBenchTurns},
		{"bench-train", "", "time training steps, beside PyTorch", runBenchTrain},
		{"bench-analytics", "", "time the same questions on the same Parquet files by DuckDB and others", runBenchAnalytics},
		{"same-answers", "--engine spark|clickhouse", "ask another engine the questions of the reports and compare", runSameAnswers},
		{"setup", "", "find or fetch ONNX Runtime", func(ctx context.Context, args []string, std stdio) error {
			return runSetup(ctx, args, std.out, std.err)
		}},
		{"version", "", "print the version", func(_ context.Context, _ []string, std stdio) error {
			_, err := fmt.Fprintln(std.out, "yingda", version())
			return err
		}},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "yingda: interrupted")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "yingda:", err)
		os.Exit(1)
	}
}

// errUsage means that the user has been told what is wrong with the command line.
var errUsage = errors.New("usage")

func run(ctx context.Context, args []string, std stdio) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], std)
			}
		}
		if a := args[0]; a != "help" && a != "-h" && a != "--help" {
			fmt.Fprintf(std.err, "yingda: unknown command %q\n\n", a)
			usage(std.err)
			return errUsage
		}
		usage(std.out)
		return nil
	}
	usage(std.err)
	return errUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Yingda understands customers, answers them, and tells how well.\n\nUsage: yingda COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-16s %s\n", c.name, c.help)
	}
	fmt.Fprint(w, "\n'yingda COMMAND -h' lists a command's flags.\n")
}

// newFlags makes a flag set that reports mistakes as errUsage.
func newFlags(std stdio, name, args, help string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(std.err)
	fs.Usage = func() {
		fmt.Fprintf(std.err, "Usage: yingda %s [flags] %s\n\n%s\n\n", name, args, help)
		fs.PrintDefaults()
	}
	return fs
}

func parseFlags(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage // flag has printed the cause
	}
	return nil
}

// version is the module version, or the commit when built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimPrefix(v, "v")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "dev-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "dev"
}
