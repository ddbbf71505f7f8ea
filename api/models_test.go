package openapi_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"muster"
	"muster/internal/directory"
	"muster/internal/teams"
)

// models are the schemas of what the API answers with, each with the type that is encoded.
var models = map[string]reflect.Type{
	"UserFields":                reflect.TypeFor[muster.User](),
	"UserAuth":                  reflect.TypeFor[muster.UserAuth](),
	"UserAutocomplete":          reflect.TypeFor[muster.UserAutocomplete](),
	"UsersStats":                reflect.TypeFor[muster.UsersStats](),
	"Audit":                     reflect.TypeFor[muster.Audit](),
	"Session":                   reflect.TypeFor[muster.Session](),
	"AccessToken":               reflect.TypeFor[muster.AccessToken](),
	"MfaSecret":                 reflect.TypeFor[muster.MfaSecret](),
	"BotFields":                 reflect.TypeFor[muster.Bot](),
	"Group":                     reflect.TypeFor[muster.Group](),
	"GroupStats":                reflect.TypeFor[directory.GroupStats](),
	"GroupMember":               reflect.TypeFor[muster.GroupMember](),
	"GroupMembers":              reflect.TypeFor[directory.GroupMembers](),
	"GroupSyncable":             reflect.TypeFor[muster.GroupSyncable](),
	"TermsOfService":            reflect.TypeFor[muster.TermsOfService](),
	"UserTermsOfService":        reflect.TypeFor[muster.UserTermsOfService](),
	"Upload":                    reflect.TypeFor[muster.Upload](),
	"FileInfo":                  reflect.TypeFor[muster.FileInfo](),
	"Team":                      reflect.TypeFor[muster.Team](),
	"TeamInvite":                reflect.TypeFor[teams.TeamInvite](),
	"TeamStats":                 reflect.TypeFor[teams.TeamStats](),
	"TeamMember":                reflect.TypeFor[muster.TeamMember](),
	"Channel":                   reflect.TypeFor[muster.Channel](),
	"ChannelStats":              reflect.TypeFor[teams.ChannelStats](),
	"ChannelMemberFields":       reflect.TypeFor[muster.ChannelMember](),
	"ChannelMemberWithTeamData": reflect.TypeFor[muster.ChannelMemberWithTeamData](),
	"Role":                      reflect.TypeFor[muster.Role](),
	"Status":                    reflect.TypeFor[muster.Status](),
	"Preference":                reflect.TypeFor[muster.Preference](),
	// What a request may hold.
	"UserPatch":    reflect.TypeFor[muster.UserPatch](),
	"UserSearch":   reflect.TypeFor[directory.UserSearch](),
	"BotPatch":     reflect.TypeFor[muster.BotPatch](),
	"GroupPatch":   reflect.TypeFor[muster.GroupPatch](),
	"TeamPatch":    reflect.TypeFor[muster.TeamPatch](),
	"ChannelPatch": reflect.TypeFor[muster.ChannelPatch](),
}

// hidden are fields that the type has and no answer shows, or one answer alone does.
var hidden = map[string][]string{"UserFields": {"password", "mfa_secret", "last_login"}}

func TestTheModelsAreTheTypes(t *testing.T) {
	doc := load(t)
	for name, typ := range models {
		ref := doc.Components.Schemas[name]
		if ref == nil {
			t.Errorf("no schema %s", name)
			continue
		}
		properties, required := map[string]*openapi3.Schema{}, map[string]bool{}
		gather(ref.Value, properties, required)
		fields := jsonFields(typ)
		for _, f := range hidden[name] {
			if properties[f] != nil {
				t.Errorf("%s.%s is not to be shown", name, f)
			}
			delete(fields, f)
		}
		for field, f := range fields {
			p := properties[field]
			if p == nil {
				t.Errorf("%s has no %s", name, field)
				continue
			}
			if isAnswer := !strings.HasSuffix(name, "Patch") && name != "UserSearch"; isAnswer && f.always != required[field] {
				t.Errorf("%s.%s: always there is %v, the schema says %v", name, field, f.always, required[field])
			} else if isAnswer && f.always && f.pointer && !p.PermitsNull() {
				t.Errorf("%s.%s may be null", name, field)
			}
		}
		for field := range properties {
			if _, ok := fields[field]; !ok {
				t.Errorf("%s.%s is no field of %s", name, field, typ)
			}
		}
	}
}

// gather collects the properties of a schema and of those that it is put together from.
func gather(s *openapi3.Schema, properties map[string]*openapi3.Schema, required map[string]bool) {
	for name, p := range s.Properties {
		properties[name] = p.Value
	}
	for _, name := range s.Required {
		required[name] = true
	}
	for _, part := range s.AllOf {
		gather(part.Value, properties, required)
	}
}

type jsonField struct {
	always  bool // in every answer
	pointer bool
}

func jsonFields(typ reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields[name] = jsonField{always: !slices.Contains(strings.Split(options, ","), "omitempty"), pointer: f.Type.Kind() == reflect.Pointer}
	}
	return fields
}
