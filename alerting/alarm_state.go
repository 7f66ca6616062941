package alerting

import (
	"encoding/binary"
	"fmt"
)

// alarmStateVersion is the layout's. Version 2, without what a person has set, near points and owed ones, can be read as well.
const alarmStateVersion = 3

// AlarmStateSize is the length in bytes of what Alarm.AppendState appends.
const AlarmStateSize = alarmStateSize2 + 2 + 2*8

const alarmStateSize2 = 1 + 5*8 + 4

// AppendState appends the alarm's whole state to b: AlarmStateSize bytes, the first of which is a version.
func (a *Alarm) AppendState(b []byte) []byte {
	b = append(b, alarmStateVersion)
	for _, v := range [...]uint64{a.breach, a.real, uint64(a.last), uint64(a.began), uint64(a.mark)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	marked := uint8(0)
	if a.marked {
		marked = 1
	}
	b = append(b, a.seen, uint8(a.state), marked, a.decisive, a.set, a.owes)
	b = binary.LittleEndian.AppendUint64(b, uint64(a.setT))
	return binary.LittleEndian.AppendUint64(b, a.near)
}

// LoadState restores what AppendState appended; b must be exactly that. On an error the alarm is unchanged.
func (a *Alarm) LoadState(b []byte) error {
	size := AlarmStateSize
	if len(b) > 0 && b[0] == 2 {
		size = alarmStateSize2
	}
	if len(b) != size {
		return fmt.Errorf("load alarm state: %d bytes, want %d", len(b), size)
	}
	if b[0] < 2 || b[0] > alarmStateVersion {
		return fmt.Errorf("load alarm state: version %d, want 2 to %d", b[0], alarmStateVersion)
	}
	tail := b[1+5*8:]
	if tail[0] > 64 || tail[1] > uint8(Alarming) || tail[2] > 1 || tail[3] > 64 {
		return fmt.Errorf("load alarm state: %d points, state %d, mark %d, decisive point %d are out of range", tail[0], tail[1], tail[2], tail[3])
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[1+8*i:]) }
	loaded := Alarm{
		breach: word(0), real: word(1), last: int64(word(2)), began: int64(word(3)), mark: int64(word(4)),
		seen: tail[0], state: State(tail[1]), marked: tail[2] == 1, decisive: tail[3],
	}
	if b[0] >= 3 {
		loaded.set, loaded.owes = tail[4], tail[5]
		loaded.setT, loaded.near = int64(binary.LittleEndian.Uint64(tail[6:])), binary.LittleEndian.Uint64(tail[14:])
		if loaded.set > uint8(Alarming)+1 || loaded.owes > MaxOf {
			return fmt.Errorf("load alarm state: set state %d, %d points owed are out of range", loaded.set, loaded.owes)
		}
	}
	*a = loaded
	return nil
}
