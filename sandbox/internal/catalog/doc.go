// Package catalog lists the names in Persona's API: environments, versions, permissions,
// products with quotas, events, and the attributes of each type of resource.
package catalog
