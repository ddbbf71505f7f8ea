// Package network owns the unit by which strangers are counted: an address of IPv4, the 64-bit prefix of one of IPv6. Whoever has one address
// of such a prefix has all of them (RFC 6177), so counting single IPv6 addresses would count nothing.
package network

import "net/netip"

// Network is what one client is counted by. It is comparable and of fixed size, so it serves as the key of a map. The zero value stands for
// no network: the local socket.
type Network struct{ prefix netip.Prefix }

const (
	bitsIPv4 = 32
	bitsIPv6 = 64

	siteBitsIPv4 = 24
	siteBitsIPv6 = 48
)

// Of returns the network of a client's address, the zero value for a text that is no address.
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

// Site returns the wider network that is usually in one hand: the first 48 bits of an IPv6 address, which is what one customer is given at the most
// (RFC 6177), and the first 24 of an IPv4 address. The site of the zero value is the zero value.
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

// IsZero reports whether there is no network.
func (n Network) IsZero() bool { return !n.prefix.IsValid() }

// String returns the network for logs: 192.0.2.1 or 2001:db8::/64, and "local" for none.
func (n Network) String() string {
	switch {
	case n.IsZero():
		return "local"
	case n.prefix.IsSingleIP():
		return n.prefix.Addr().String()
	}
	return n.prefix.String()
}
