package main

import (
	"log/slog"
	"os"

	"muster/internal/config"
)

// newLog returns a logger that writes to standard error as the settings say. A change of the level takes effect at once.
func newLog(settings *config.Manager) *slog.Logger {
	level := &slog.LevelVar{}
	level.Set(logLevel(settings.Current()))
	settings.OnChange(func(_, now *config.Config) { level.Set(logLevel(now)) })
	o := &slog.HandlerOptions{Level: level}
	if settings.Current().LogSettings.ConsoleJson {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

func logLevel(c *config.Config) slog.Level {
	switch c.LogSettings.ConsoleLevel {
	case "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	}
	return slog.LevelInfo
}
