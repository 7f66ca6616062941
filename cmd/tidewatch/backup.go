package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/internal/store"
)

func backupCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("backup", "Copy the state, also of a running service, into an empty directory.")
	dir := c.Flag("storage.path", "Directory of the state.").Default("data/").String()
	dst := c.Arg("destination", "Empty or new directory.").Required().String()
	return c.FullCommand(), func(ctx context.Context) error {
		if err := store.BackupDir(ctx, *dir, *dst); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "backed up %s to %s; start with --storage.path=%s to use it\n", *dir, *dst, *dst)
		return err
	}
}
