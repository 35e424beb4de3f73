package engine

// TransactionReference is what a transaction is known by: a reference id means one of
// each type.
type TransactionReference struct{ TypeID, Reference string }
