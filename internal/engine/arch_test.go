package engine

import "runtime"

const isAMD64 = runtime.GOARCH == "amd64"
