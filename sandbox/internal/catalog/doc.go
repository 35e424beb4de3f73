// Package catalog lists the names that Persona's API has: environments, versions,
// permissions, quotas, events, and the attributes of each type of resource.
package catalog
