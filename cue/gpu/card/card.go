// Package card says what a model of GPU is like. It is what the data in
// package gpu decodes to, and imports nothing, so that the programs that run in a
// cluster can read a model without CUE.
package card

// Card is a model of GPU, and how a machine with eight of them is built.
type Card struct {
	// Name is how a lab asks for it, "A100-80GB"; Product is what the driver calls
	// it, "NVIDIA A100-SXM4-80GB".
	Name    string `json:"name"`
	Product string `json:"product"`
	// Brand and Family are its product line ("NVIDIA", "Tesla") and architecture
	// ("ampere").
	Brand  string `json:"brand"`
	Family string `json:"family"`
	// Compute is the CUDA compute capability, "8.0".
	Compute string `json:"compute"`
	// MemoryMiB is the memory that a program can see, BAR1MiB the part that the
	// host can map.
	MemoryMiB int `json:"memoryMiB"`
	BAR1MiB   int `json:"bar1MiB"`
	// Power in watts and clocks in MHz, at rest and at most.
	Power  Span `json:"power"`
	SM     Span `json:"sm"`
	Memory Span `json:"memory"`
	// Temperature in °C: at rest, under full load, and where the card slows itself
	// down and switches itself off.
	Temperature Temperature `json:"temperature"`
	// PCIe is the generation of its link, 16 lanes wide.
	PCIe int `json:"pcie"`
	// NVLinks is how many links lead to the switch that joins all cards of the
	// machine; 0 for a card without NVLink. NVLinkGBs is what one carries, in GB/s
	// and direction.
	NVLinks   int     `json:"nvlinks"`
	NVLinkGBs float64 `json:"nvlinkGBs"`
	// Slots are where the cards of a machine sit, in the order of their indices.
	Slots []Slot `json:"slots"`
	// PartNumber and VBIOS stand in the card's inventory.
	PartNumber string `json:"partNumber"`
	VBIOS      string `json:"vbios"`
	// MIG is how the card can be divided; empty if it cannot.
	MIG []Slice `json:"mig,omitempty"`
}

// Span is a value at rest and at most.
type Span struct {
	Idle int `json:"idle"`
	Max  int `json:"max"`
}

// Temperature is in °C.
type Temperature struct {
	Idle     int `json:"idle"`
	Load     int `json:"load"`
	Slowdown int `json:"slowdown"`
	Shutdown int `json:"shutdown"`
}

// Slot is a place for a card: the number of its PCI bus, and the NUMA node of the
// processor that it hangs on.
type Slot struct {
	Bus  int `json:"bus"`
	NUMA int `json:"numa"`
}

// Slice is a MIG profile: a part of a card that is a device of its own.
type Slice struct {
	// Name is "1g.10gb"; ID is the driver's number of the profile.
	Name string `json:"name"`
	ID   int    `json:"id"`
	// Compute is how many of the card's seven compute slices it takes, Share how
	// many of the eight memory slices.
	Compute int `json:"compute"`
	Share   int `json:"share"`
	// MemoryMiB and SMs are what is in it.
	MemoryMiB int `json:"memoryMiB"`
	SMs       int `json:"sms"`
}

// What a card can be divided into at most.
const (
	ComputeSlices = 7
	MemorySlices  = 8
)

// MIGProfile is the profile with this name, nil if the card has none.
func (c *Card) MIGProfile(name string) *Slice {
	for i := range c.MIG {
		if c.MIG[i].Name == name {
			return &c.MIG[i]
		}
	}
	return nil
}

// Fits tells whether a card can be divided into so many slices of each profile at
// once.
func (c *Card) Fits(slices map[string]int) bool {
	compute, share := 0, 0
	for name, n := range slices {
		p := c.MIGProfile(name)
		if p == nil || n < 0 {
			return false
		}
		compute, share = compute+n*p.Compute, share+n*p.Share
	}
	return compute <= ComputeSlices && share <= MemorySlices
}

// MIGNames are the names of its profiles, the smallest first.
func (c *Card) MIGNames() []string {
	var names []string
	for _, p := range c.MIG {
		names = append(names, p.Name)
	}
	return names
}
