package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/tidewatch/tidewatch/alerting"
)

// visibleLog is a log in which labels that must not leave are hidden, wherever the words come from.
type visibleLog struct {
	slog.Handler
	visible *atomic.Pointer[alerting.Visible]
}

// Handle implements slog.Handler.
func (l visibleLog) Handle(ctx context.Context, r slog.Record) error {
	v := l.visible.Load()
	out := slog.NewRecord(r.Time, r.Level, v.Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(visibleAttr(v, a))
		return true
	})
	return l.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (l visibleLog) WithAttrs(as []slog.Attr) slog.Handler {
	v := l.visible.Load()
	out := make([]slog.Attr, len(as))
	for i, a := range as {
		out[i] = visibleAttr(v, a)
	}
	return visibleLog{l.Handler.WithAttrs(out), l.visible}
}

// WithGroup implements slog.Handler.
func (l visibleLog) WithGroup(name string) slog.Handler {
	return visibleLog{l.Handler.WithGroup(name), l.visible}
}

func visibleAttr(v *alerting.Visible, a slog.Attr) slog.Attr {
	switch x := a.Value.Resolve(); x.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(v.Text(x.String()))
	case slog.KindAny:
		switch text := x.Any().(type) {
		case error:
			a.Value = slog.StringValue(v.Text(text.Error()))
		case fmt.Stringer:
			a.Value = slog.StringValue(v.Text(text.String()))
		}
	case slog.KindGroup:
		var in []slog.Attr
		for _, b := range x.Group() {
			in = append(in, visibleAttr(v, b))
		}
		a.Value = slog.GroupValue(in...)
	}
	return a
}
