// Package network owns the unit by which anonymous clients are counted: an IPv4 address, or the 64-bit prefix of an IPv6 address. Whoever has one address of
// such a prefix has all of them (RFC 6177), so a limit on single IPv6 addresses would limit nobody.
package network

import "net/netip"

// Network identifies the network of a client. It is comparable and has a fixed size, so it can be the key of a map. The zero value means that there is no
// network, as for the local socket.
type Network struct{ prefix netip.Prefix }

const (
	bitsIPv4 = 32
	bitsIPv6 = 64

	siteBitsIPv4 = 24
	siteBitsIPv6 = 48
)

// Of returns the network of an address, or the zero value if the text is not an address.
func Of(address string) Network {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return Network{}
	}
	a = a.Unmap().WithZone("")
	bits := bitsIPv6
	if a.Is4() {
		bits = bitsIPv4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return Network{}
	}
	return Network{p}
}

// Site returns the larger network that usually belongs to one customer: the first 48 bits of an IPv6 address, the most that a customer gets (RFC 6177), or
// the first 24 bits of an IPv4 address. The site of the zero value is the zero value.
func (n Network) Site() Network {
	bits := siteBitsIPv6
	if n.prefix.Addr().Is4() {
		bits = siteBitsIPv4
	}
	p, err := n.prefix.Addr().Prefix(bits)
	if err != nil {
		return Network{}
	}
	return Network{p}
}

// IsZero reports whether n is the zero value.
func (n Network) IsZero() bool { return !n.prefix.IsValid() }

// String returns the network as text, like 192.0.2.1 or 2001:db8::/64, and "local" for the zero value.
func (n Network) String() string {
	switch {
	case n.IsZero():
		return "local"
	case n.prefix.IsSingleIP():
		return n.prefix.Addr().String()
	}
	return n.prefix.String()
}
