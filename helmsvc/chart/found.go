package chart

// Found is a chart on disk.
type Found struct {
	From, Path, Beside string
	Err                error
}
