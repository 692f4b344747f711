package encoder

// LayerOf returns the layer a constant of the graph belongs to: 0 for the embeddings, 1 for the first layer. A constant that no layer
// reads (or that lies above the last) counts to the last.
func (e *Encoder) LayerOf(constant string) int {
	if e.depth == nil {
		e.depth = e.depths()
	}
	if l, ok := e.depth[constant]; ok {
		return l
	}
	return e.Layers()
}

// depths walks up from the output of each layer, lowest first: what a layer reads and no lower one has read belongs to it.
func (e *Encoder) depths() map[string]int {
	producer := map[string]int{}
	for i, n := range e.Model.Graph.Nodes {
		for _, o := range n.Outputs {
			producer[o] = i
		}
	}
	depth := map[string]int{}
	for l, out := range e.layers {
		todo := []string{out}
		for len(todo) > 0 {
			v := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if _, seen := depth[v]; seen {
				continue
			}
			depth[v] = l
			if i, ok := producer[v]; ok {
				todo = append(todo, e.Model.Graph.Nodes[i].Inputs...)
			}
		}
	}
	return depth
}
