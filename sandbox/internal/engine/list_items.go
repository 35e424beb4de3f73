package engine

// itemSame is the attribute that holds an item's list and values: what no other active
// item may have too.
const ItemSame = "_same"
