package library

import (
	"debug/elf"
	"debug/macho"
	"errors"
	"fmt"
	"os"
)

// check tells the version of the library at path, or why it is not usable. The file's structure is checked before it is
// loaded: loading a file that was cut short kills the process.
func (f *finder) check(path string) (string, error) {
	if err := inspect(path, f.goos, f.goarch); err != nil {
		return "", err
	}
	version, err := f.probe(path)
	if err != nil {
		return "", err
	}
	if !atLeast(version, MinVersion) {
		return "", tooOld(version)
	}
	return version, nil
}

func tooOld(version string) error {
	return fmt.Errorf("version %s is too old, %s or newer is needed", version, MinVersion)
}

func inspect(path, goos, goarch string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if goos == "darwin" {
		err = inspectMachO(path, goarch, info.Size())
	} else {
		err = inspectELF(path, goarch, info.Size())
	}
	if err != nil {
		return fmt.Errorf("not a shared library for %s/%s: %w", goos, goarch, err)
	}
	return nil
}

func inspectELF(path, goarch string, size int64) error {
	e, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer e.Close()
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[goarch]
	if e.Type != elf.ET_DYN || e.Machine != machine {
		return fmt.Errorf("it is %v for %v", e.Type, e.Machine)
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD && p.Off+p.Filesz > uint64(size) {
			return errors.New("the file is cut short")
		}
	}
	return nil
}

func inspectMachO(path, goarch string, size int64) error {
	cpu := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[goarch]
	if fat, err := macho.OpenFat(path); err == nil {
		defer fat.Close()
		for _, a := range fat.Arches {
			if a.Cpu == cpu {
				return machoWhole(a.File, int64(a.Size))
			}
		}
		return fmt.Errorf("it has no part for %v", cpu)
	}
	m, err := macho.Open(path)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Cpu != cpu {
		return fmt.Errorf("it is for %v", m.Cpu)
	}
	return machoWhole(m, size)
}

func machoWhole(m *macho.File, size int64) error {
	if m.Type != macho.TypeDylib {
		return fmt.Errorf("it is %v", m.Type)
	}
	for _, l := range m.Loads {
		if s, ok := l.(*macho.Segment); ok && s.Offset+s.Filesz > uint64(size) {
			return errors.New("the file is cut short")
		}
	}
	return nil
}
