package simfleet

// scraper is what simulated targets share: the seed of their noise, the distance of the scrapes, and who is scraped.
type scraper struct {
	seed    uint64
	step    int64 // ms
	slots   int
	targets []*target
}

// scrape emits what every target answers in the round that ends at k.t, and forgets those that are gone.
func (c *scraper) scrape(k tick, emit Emit) error {
	kept := c.targets[:0]
	for _, tg := range c.targets {
		if err := tg.scrape(k, emit); err != nil {
			return err
		}
		if !tg.gone {
			kept = append(kept, tg)
		}
	}
	clear(c.targets[len(kept):])
	c.targets = kept
	return nil
}
