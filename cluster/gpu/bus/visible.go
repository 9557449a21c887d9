package bus

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Visible is what a container sees of its node: the GPUs that have a device file
// there, of those the ones that its environment names, and of a divided one the
// instances that it names.
func (n *Node) Visible(named string, has func(index int) bool) []GPU {
	all := named == "all" || named == ""
	names := strings.Split(named, ",")
	var out []GPU
	for _, g := range n.GPUs {
		if !has(g.Index) {
			continue
		}
		if !all {
			g.Instances = slices.DeleteFunc(slices.Clone(g.Instances), func(i Instance) bool { return !slices.Contains(names, i.UUID) })
			if len(g.Instances) == 0 && !slices.Contains(names, g.UUID) {
				continue
			}
		}
		out = append(out, g)
	}
	return out
}

// Here is what this very process sees.
func (n *Node) Here() []GPU {
	return n.Visible(os.Getenv(Visible), func(index int) bool {
		_, err := os.Stat(Device(index))
		return err == nil
	})
}

// Device is the device file of the GPU with this index.
func Device(index int) string { return fmt.Sprintf("/dev/nvidia%d", index) }

// Devices are what the program may ask for of these GPUs: their instances if they
// are divided, else they themselves.
func Devices(gpus []GPU) []string {
	var out []string
	for _, g := range gpus {
		if !g.MIG {
			out = append(out, g.UUID)
		}
		for _, i := range g.Instances {
			out = append(out, i.UUID)
		}
	}
	return out
}

// Reserved is what the driver keeps for itself of a card's memory, both in MiB.
func Reserved(total int) int { return 300 + total/200 }

// Free is the memory of a GPU that a program can still take, in MiB.
func Free(n *Node, g *GPU) int { return n.Card.MemoryMiB - Reserved(n.Card.MemoryMiB) - g.UsedMiB }

// MemoryUtil is for how much of the time a GPU's memory is read or written, in
// percent: less than its processors are busy.
func MemoryUtil(g *GPU) int { return g.Util * 6 / 10 }
