// Package lake keeps the facts of closed hours as Parquet files that any tool can read, and a manifest that says which files count.
//
//	<table>/tenant=<tenant>/dt=<YYYY-MM-DD>/<hour or day>-<id>.parquet    zstd, sorted by conversation and sequence
//	manifest-<version>.json                                              the highest version that is whole is the lake
//
// tenant and dt are in the path only. Types are those of package schema. Readers take the files from the manifest, by [Lake.Files]: a folder may
// hold files that were replaced, or that are not yet in force. A file never changes; an hour or a day is replaced as a whole, so a fact that comes
// late is never counted twice.
//
// The lake holds what the tables hold: pseudonyms and redacted texts. Erasing a customer therefore changes nothing here; who they were is sealed
// in the log with the key that is destroyed.
//
// The package opens no database: whoever has the rows writes a file to the path that [Lake.Create] gives, and puts it in force by [Lake.Commit].
package lake
