// Package smalldisk gives tests a small file system of their own, to fill it up. It needs Linux.
package smalldisk
