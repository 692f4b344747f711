package dialogue

// Arm is the variant of a running experiment that a customer has in a turn.
type Arm struct {
	Experiment string
	Variant    string
	// Others are the variants that other customers have. A turn that goes the same with all of them is no exposure.
	Others []string
	// Policy says that the variants differ in how the robot decides: Turn.Variants tells the policy which one it is.
	Policy bool
	// Bundles says that the variants differ in who understands; Bundle is this variant's, an id or a role, "" = as without the experiment.
	Bundles bool
	Bundle  string
}
