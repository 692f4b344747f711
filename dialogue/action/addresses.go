package action

import "net/netip"

// addrKind says who can reach an address.
type addrKind int

// The kinds. The zero value is never dialled.
const (
	unspecified addrKind = iota // nobody: 0.0.0.0, broadcast, multicast, reserved
	public                      // anybody
	inner                       // this machine or its network: loopback, private, carrier-grade NAT
	special                     // link-local, documentation, benchmarks, tunnels: only if its range is allowed
	metadata                    // a cloud's metadata service, which hands out credentials
)

// ranges lists what is not public, after the special-purpose registries of IANA (RFC 6890 and its updates). The first match counts.
var ranges = []struct {
	prefix netip.Prefix
	kind   addrKind
}{
	{pfx("169.254.169.254/32"), metadata}, // AWS, Azure, Google, OpenStack, Tencent
	{pfx("169.254.170.0/24"), metadata},   // AWS containers
	{pfx("169.254.0.23/32"), metadata},    // Tencent
	{pfx("100.100.100.200/32"), metadata}, // Alibaba
	{pfx("192.0.0.192/32"), metadata},     // Oracle
	{pfx("168.63.129.16/32"), metadata},   // Azure's host
	{pfx("fd00:ec2::/32"), metadata},      // AWS
	{pfx("fd20:ce::/32"), metadata},       // Google
	{pfx("fd00:42::42/128"), metadata},    // Scaleway

	{pfx("0.0.0.0/8"), unspecified},
	{pfx("224.0.0.0/4"), unspecified},
	{pfx("240.0.0.0/4"), unspecified},
	{pfx("::/128"), unspecified},
	{pfx("ff00::/8"), unspecified},

	{pfx("10.0.0.0/8"), inner},
	{pfx("100.64.0.0/10"), inner},
	{pfx("127.0.0.0/8"), inner},
	{pfx("172.16.0.0/12"), inner},
	{pfx("192.168.0.0/16"), inner},
	{pfx("::1/128"), inner},
	{pfx("fc00::/7"), inner},

	{pfx("169.254.0.0/16"), special},
	{pfx("192.0.0.0/24"), special},
	{pfx("192.0.2.0/24"), special},
	{pfx("192.88.99.0/24"), special},
	{pfx("198.18.0.0/15"), special},
	{pfx("198.51.100.0/24"), special},
	{pfx("203.0.113.0/24"), special},
	{pfx("2001::/23"), special}, // Teredo, ORCHID and other protocol assignments
	{pfx("2001:db8::/32"), special},
	{pfx("2002::/16"), special}, // 6to4
	{pfx("3fff::/20"), special},
}

var (
	nat64   = pfx("64:ff9b::/96")
	compat  = pfx("::/96")
	unicast = pfx("2000::/3") // all that is given out of IPv6
)

func pfx(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// classify tells who can reach an address. IPv4 inside IPv6 counts as itself.
func classify(ip netip.Addr) addrKind {
	if !ip.IsValid() {
		return unspecified
	}
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		return classify(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, r := range ranges {
		if r.prefix.Contains(ip) {
			return r.kind
		}
	}
	switch {
	case ip.Is4(), unicast.Contains(ip):
		return public
	case compat.Contains(ip):
		return unspecified // ::127.0.0.1: an old form, which some systems still take for IPv4
	}
	return special // link-local, site-local, local NAT64 and what is not given out
}
