package client_test

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/server/api"
	"muster/internal/testserver"
)

// TestEveryMethodHasARoute calls each method without a session: any error will do except "no such route".
func TestEveryMethodHasARoute(t *testing.T) {
	s := testserver.New(t)
	public := s.Client()
	local := client.New("http://localhost", client.WithSocket(socket(t, api.New(api.Options{Services: s.Services, Local: true}))))
	methods := reflect.TypeOf(public)
	called := 0
	for i := range methods.NumMethod() {
		m := methods.Method(i)
		if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[context.Context]() || m.Name == "Do" || strings.HasPrefix(m.Name, "All") {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			c := public
			if m.Name == "DeleteAllUsers" { // other listeners have no such route
				c = local
			}
			args := []reflect.Value{reflect.ValueOf(c), reflect.ValueOf(t.Context())}
			for n := 2; n < m.Type.NumIn(); n++ {
				if !m.Type.IsVariadic() || n < m.Type.NumIn()-1 {
					args = append(args, argument(m.Type.In(n)))
				}
			}
			results := m.Func.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			if client.HasID(err, "api.context.404.app_error") {
				t.Error(err)
			}
		})
		called++
	}
	if called < 150 {
		t.Errorf("only %d methods found", called)
	}
}

// argument returns a value of a type, with ids wherever the path may need one.
func argument(typ reflect.Type) reflect.Value {
	switch {
	case typ == reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(strings.NewReader("no picture"))
	case typ.Kind() == reflect.String:
		return reflect.ValueOf(muster.NewID())
	case typ.Kind() == reflect.Pointer:
		v := reflect.New(typ.Elem())
		for _, name := range []string{"ID", "UserID"} {
			if f := v.Elem().FieldByName(name); f.IsValid() {
				f.SetString(muster.NewID())
			}
		}
		return v
	}
	return reflect.Zero(typ)
}
