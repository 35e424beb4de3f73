// Package chromium starts Chromium for tests, and checks with axe-core and by measuring
// whether people can use a page: [Start], [Check].
//
// scripts/browser installs Chromium and the npm packages.
package chromium
