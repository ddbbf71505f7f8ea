package api

import (
	"net/url"
	"strings"
)

// node is a path segment in the tree of routes. A literal segment takes precedence over a {parameter}. Unlike net/http's ServeMux, this allows
// both /users/username/{name} and /users/{user_id}/image.
type node struct {
	literal map[string]*node
	param   *node
	routes  map[string]*route // by method
}

func (n *node) add(r *route) {
	for seg := range strings.SplitSeq(strings.TrimPrefix(r.path, "/"), "/") {
		if strings.HasPrefix(seg, "{") {
			r.params = append(r.params, strings.Trim(seg, "{}"))
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			continue
		}
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[seg] == nil {
			n.literal[seg] = &node{}
		}
		n = n.literal[seg]
	}
	if n.routes == nil {
		n.routes = map[string]*route{}
	}
	if n.routes[r.method] != nil {
		panic("two routes for " + r.method + " " + r.path)
	}
	n.routes[r.method] = r
}

const maxParams = 4

// find returns the route of an escaped path, or nil, and stores the values of its parameters.
func (n *node) find(method, path string, values *[maxParams]string) *route {
	return n.search(method, strings.TrimPrefix(path, "/"), values, 0)
}

func (n *node) search(method, path string, values *[maxParams]string, used int) *route {
	seg, rest, more := strings.Cut(path, "/")
	if next := n.literal[seg]; next != nil {
		if r := next.match(method, rest, more, values, used); r != nil {
			return r
		}
	}
	if n.param == nil || seg == "" || used == maxParams {
		return nil
	}
	value, err := url.PathUnescape(seg)
	if err != nil {
		return nil
	}
	values[used] = value
	return n.param.match(method, rest, more, values, used+1)
}

func (n *node) match(method, rest string, more bool, values *[maxParams]string, used int) *route {
	if more {
		return n.search(method, rest, values, used)
	}
	if r := n.routes[method]; r != nil {
		return r
	}
	if method == "HEAD" {
		return n.routes["GET"]
	}
	return nil
}
