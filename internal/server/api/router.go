package api

import (
	"net/url"
	"strings"
)

// node is one segment of the route tree. A literal segment wins over a {parameter}, so that
// /users/username/{name} and /users/{user_id}/image live side by side, which net/http's ServeMux refuses.
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

// find gives the route of an escaped path and its parameters' values, nil when nothing is served there.
func (n *node) find(method, path string, values *[maxParams]string) *route {
	return n.walk(method, strings.TrimPrefix(path, "/"), values, 0)
}

func (n *node) walk(method, path string, values *[maxParams]string, used int) *route {
	seg, rest, more := strings.Cut(path, "/")
	if next := n.literal[seg]; next != nil {
		if r := next.end(method, rest, more, values, used); r != nil {
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
	return n.param.end(method, rest, more, values, used+1)
}

func (n *node) end(method, rest string, more bool, values *[maxParams]string, used int) *route {
	if more {
		return n.walk(method, rest, values, used)
	}
	if r := n.routes[method]; r != nil {
		return r
	}
	if method == "HEAD" {
		return n.routes["GET"]
	}
	return nil
}
