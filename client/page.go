package client

import (
	"iter"
	"net/url"
	"strconv"
)

// MaxPerPage is the longest page that the API gives.
const MaxPerPage = 200

// pageQuery is the parameters for a page, counted from 0; 0 per page leaves the length to the server.
func pageQuery(page, perPage int) url.Values {
	q := url.Values{}
	setNumber(q, "page", page)
	setNumber(q, "per_page", perPage)
	return q
}

// pages walks a list page by page until one comes that is not full. An error is given once, as the last value.
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
