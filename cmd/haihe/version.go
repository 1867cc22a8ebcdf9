package main

import "runtime/debug"

// release is set by the build: -ldflags "-X main.release=0.1.0".
var release = "dev"

// version is the release and the commit that it was built from, as far as the build knows.
func version() string {
	v := release
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	if rev := setting["vcs.revision"]; len(rev) >= 12 {
		v += " (" + rev[:12]
		if setting["vcs.modified"] == "true" {
			v += ", changed"
		}
		v += ")"
	}
	return v + " " + info.GoVersion
}
