package client

import (
	"iter"
	"net/url"
	"strconv"
)

// MaxPerPage is the largest page that the API returns.
const MaxPerPage = 200

// pageQuery returns the parameters for a page. Pages count from 0; with 0 per page the server chooses the size.
func pageQuery(page, perPage int) url.Values {
	q := url.Values{}
	setNumber(q, "page", page)
	setNumber(q, "per_page", perPage)
	return q
}

// pages iterates over a list page by page until one is not full. An error is yielded once, as the last value.
func pages[T any](fetch func(page, perPage int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := 0; ; page++ {
			list, err := fetch(page, MaxPerPage)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, v := range list {
				if !yield(v, nil) {
					return
				}
			}
			if len(list) < MaxPerPage {
				return
			}
		}
	}
}

func setText(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

func setFlag(q url.Values, name string, on bool) {
	if on {
		q.Set(name, "true")
	}
}

func setNumber(q url.Values, name string, n int) {
	if n != 0 {
		q.Set(name, strconv.Itoa(n))
	}
}
