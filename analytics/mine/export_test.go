package mine

// FewAsked tells whether a group that holds together is noise because of who asked.
func FewAsked(customers, unnamed int) bool {
	g := &Group{Cohesion: 1, Customers: customers, Unnamed: unnamed}
	return judge(g, nil, 0, VerdictOptions{}.withDefaults()).Kind == Noise
}
