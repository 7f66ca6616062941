package quality

// seldom is what few series have at a time, so that the others need no room for it.
type seldom struct {
	day   *day // nil: it is not compared with yesterday
	unit  unit
	twin  twin
	storm int64 // grid time of the newest column of a storm of resets; 0: there is none
	since int64 // grid time at which held began; 0: it is None
	apart int32 // columns in a row in which samples came less often than they should
}

// rarely is the place for what the series seldom has.
func (s *Series) rarely() *seldom {
	if s.seldom == nil {
		s.seldom = &seldom{}
	}
	return s.seldom
}

// tidy gives the place back where there is nothing in it.
func (s *Series) tidy() {
	if s.seldom != nil && *s.seldom == (seldom{}) {
		s.seldom = nil
	}
}

// few is what the series seldom has, to be read only.
func (s *Series) few() seldom {
	if s.seldom == nil {
		return seldom{}
	}
	return *s.seldom
}

// unit is how far the series is from its level; the zero one where it is not.
func (s *Series) unit() unit {
	if s.seldom == nil {
		return unit{}
	}
	return s.seldom.unit
}

func (s *Series) forgetUnit() {
	if s.seldom != nil {
		s.seldom.unit = unit{}
	}
}

// day is the series' yesterday; nil: it is not compared with it.
func (s *Series) day() *day {
	if s.seldom == nil {
		return nil
	}
	return s.seldom.day
}

func (s *Series) storms() bool { return s.seldom != nil && s.seldom.storm != 0 }
