package catalog

import "strings"

// NumberMark stands in a cell of a reg… type between the object's name, which is its text form, and its number, which is
// its binary form. Behind a record stand the numbers of its fields' types, with semicolons between them. There are digits
// and semicolons alone behind the mark, so that the last one is the one that counts.
const NumberMark = "\x1f"

// CutNumber splits a cell of a reg… type. What has no mark is a number and prints as one.
func CutNumber(cell string) (name, number string) {
	if i := strings.LastIndex(cell, NumberMark); i >= 0 {
		return cell[:i], cell[i+len(NumberMark):]
	}
	return cell, cell
}

// systemInfo is infoOf for the types that only the catalogs have.
func systemInfo(k Kind) typeInfo {
	switch k {
	case Regproc:
		return typeInfo{"regproc", 24, 1008, 4}
	case Regprocedure:
		return typeInfo{"regprocedure", 2202, 2207, 4}
	case Regoper:
		return typeInfo{"regoper", 2203, 2208, 4}
	case Regoperator:
		return typeInfo{"regoperator", 2204, 2209, 4}
	case Regclass:
		return typeInfo{"regclass", 2205, 2210, 4}
	case Regtype:
		return typeInfo{"regtype", 2206, 2211, 4}
	case Regrole:
		return typeInfo{"regrole", 4096, 4097, 4}
	case Regnamespace:
		return typeInfo{"regnamespace", 4089, 4090, 4}
	case Regcollation:
		return typeInfo{"regcollation", 4191, 4192, 4}
	case Regconfig:
		return typeInfo{"regconfig", 3734, 3735, 4}
	case Regdictionary:
		return typeInfo{"regdictionary", 3769, 3770, 4}
	case Int2vector:
		return typeInfo{"int2vector", 22, 1006, -1}
	case Oidvector:
		return typeInfo{"oidvector", 30, 1013, -1}
	}
	return internalInfo(k)
}

// internalInfo is systemInfo for what the server keeps for itself.
func internalInfo(k Kind) typeInfo {
	switch k {
	case Xid:
		return typeInfo{"xid", 28, 1011, 4}
	case Cid:
		return typeInfo{"cid", 29, 1012, 4}
	case Xid8:
		return typeInfo{"xid8", 5069, 271, 8}
	case Tid:
		return typeInfo{"tid", 27, 1010, 6}
	case Inet:
		return typeInfo{"inet", 869, 1041, -1}
	case NodeTree:
		return typeInfo{"pg_node_tree", 194, 0, -1}
	case Aclitem:
		return typeInfo{"aclitem", 1033, 1034, 16}
	case Anyarray:
		return typeInfo{"anyarray", 2277, 0, -1}
	case PgLSN:
		return typeInfo{"pg_lsn", 3220, 3221, 8}
	case Ndistinct:
		return typeInfo{"pg_ndistinct", 3361, 0, -1}
	case Dependencies:
		return typeInfo{"pg_dependencies", 3402, 0, -1}
	case MCVList:
		return typeInfo{"pg_mcv_list", 5017, 0, -1}
	case Void:
		return typeInfo{"void", 2278, 0, 4}
	case Record:
		return typeInfo{"record", 2249, 2287, -1}
	}
	return typeInfo{"unknown", 705, 705, -2}
}

// HasNumbers tells that cells of the type, or of its elements, have numbers behind a NumberMark.
func (t Type) HasNumbers() bool {
	return t.Kind >= Regproc && t.Kind <= Regdictionary || t.Kind == Record
}

// IsReg tells that the type's values are object identifiers that print as the object's name.
func (t Type) IsReg() bool { return !t.Array && t.Kind >= Regproc && t.Kind <= Regdictionary }

// SystemFromOID finds a type that only the catalogs have, by its object id.
func SystemFromOID(oid uint32) (Type, bool) {
	for k := Regproc; k <= Record; k++ {
		if infoOf(k).oid == oid {
			return Of(k), true
		}
	}
	return Type{}, false
}
