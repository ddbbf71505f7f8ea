package core

import (
	"slices"

	"muster"
)

// Bounds of paging (reference server's defaults).
const (
	PerPageDefault = 60
	PerPageMax     = 200
	pageMax        = 10_000_000 // keeps an offset far inside an int64; past every list's end
)

// Page is a part of a list. NewPage bounds it.
type Page struct {
	Number, PerPage int
}

// NewPage returns a page within bounds: a negative number is the first page, a negative size the default, and a larger size than the maximum the maximum.
func NewPage(number, perPage int) Page {
	if perPage < 0 {
		perPage = PerPageDefault
	}
	return Page{Number: min(max(number, 0), pageMax), PerPage: min(perPage, PerPageMax)}
}

// Offset returns how many entries come before the page.
func (p Page) Offset() int { return p.Number * p.PerPage }

// BoundedList refuses an empty or overlong list, which the parameter of that name holds, and drops what can't be anybody's name.
func BoundedList(param string, list []string, valid func(string) bool) ([]string, error) {
	if len(list) == 0 || len(list) > muster.MaxUserList {
		return nil, muster.InvalidParam(param)
	}
	return slices.DeleteFunc(list, func(s string) bool { return !valid(s) }), nil
}
