package app

import "context"

// SweepUploads does now what the App does from time to time.
func (a *App) SweepUploads(ctx context.Context) error { return a.sweepUploads(ctx) }
