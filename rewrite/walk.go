package rewrite

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// walkTree calls f for every node below n (n first), depth first; f returns false to skip a node's children.
func walkTree(n *syntax.Node, f func(*syntax.Node) bool) {
	if n == nil || !f(n) {
		return
	}
	walkMessage(n.ProtoReflect(), f)
}

func walkMessage(m protoreflect.Message, f func(*syntax.Node) bool) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Kind() != protoreflect.MessageKind {
			return true
		}
		visit := func(child protoreflect.Message) {
			if n, ok := child.Interface().(*syntax.Node); ok {
				walkTree(n, f)
				return
			}
			walkMessage(child, f)
		}
		if fd.IsList() {
			for i, l := 0, v.List(); i < l.Len(); i++ {
				visit(l.Get(i).Message())
			}
		} else {
			visit(v.Message())
		}
		return true
	})
}
