// Package task holds the tasks of a service pack: what the robot can do for a customer, declared in files.
//
// A [Set] is what a folder of YAML files says; it is immutable, so that a new one can take its place while conversations run. A [Task] says which
// intents it serves, what must be known ([Slot]), whether the customer is asked before something is changed, which system is called, and
// how the answer depends on what the system says ([Branch]). A task with [Step]s is a troubleshooting tree: each step is given once, the robot asks
// whether it helped, and after the last one people take over.
//
// Package policy runs tasks. Nothing here knows a conversation, and no name of an intent, slot or call is known to the code.
package task
