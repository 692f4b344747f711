package main

import "context"

func runServe(ctx context.Context, args []string, std stdio) error  { return nil }
func runParse(ctx context.Context, args []string, std stdio) error  { return nil }
func runEval(ctx context.Context, args []string, std stdio) error   { return nil }
func runBundle(ctx context.Context, args []string, std stdio) error { return nil }
func runBench(ctx context.Context, args []string, std stdio) error  { return nil }
