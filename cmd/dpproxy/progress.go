package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress says what takes longer than two seconds, and goes on saying so. The returned function ends it.
func progress(w io.Writer, what string) (done func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		started := time.Now()
		wait := time.NewTimer(2 * time.Second)
		defer wait.Stop()
		for {
			select {
			case <-quit:
				return
			case <-wait.C:
				fmt.Fprintf(w, "… %s: %d s\n", what, int(time.Since(started).Seconds()))
				wait.Reset(5 * time.Second)
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-ended
	})
}
