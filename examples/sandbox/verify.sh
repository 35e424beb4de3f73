#!/bin/sh
# An applicant's whole way, with nothing but curl: an inquiry is created, the person
# opens its link and walks through the page, the webhook comes, and the inquiry is
# approved.
#
#   idem sandbox &
#   sh verify.sh [http://localhost:8090]
set -eu
at=${1:-http://localhost:8090}
key=persona_sandbox_5a0dbeef-0000-4000-8000-000000000001
page=$(mktemp)
trap 'rm -f "$page"' EXIT

api() { # METHOD PATH [JSON]
	method=$1 path=$2
	shift 2
	curl -sSf -X "$method" "$at/api/v1$path" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' ${1:+-d "$1"}
}

# text NAME prints the first value of a name in the JSON on standard input.
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# press BUTTON [OUTCOME] sends the form of the page, and follows to the next.
press() {
	action=$(sed -n 's/.*<form method="post" action="\([^"]*\)".*/\1/p' "$page" | sed 's/&amp;/\&/g')
	curl -sSfL -o "$page" "$at$action" -d "do=$1" -d "outcome=${2-}"
}

echo "1. a webhook, which the sandbox itself takes"
webhook=$(api POST /webhooks "{\"data\":{\"attributes\":{\"name\":\"example\",\"url\":\"$at/_sandbox/sink\",\"enabled-events\":[\"inquiry.completed\"]}}}" |
	sed 's/.*"id":"\(wbh_[^"]*\)".*/\1/')
api POST "/webhooks/$webhook/enable" >/dev/null

echo "2. an inquiry, and its one-time link"
created=$(api POST /inquiries '{"data":{"attributes":{"inquiry-template-id":"itmpl_SandboxKnowYourCustomer1"}},"meta":{"auto-create-one-time-link":true}}')
inquiry=$(echo "$created" | sed 's/.*"id":"\(inq_[^"]*\)".*/\1/')
link=$(echo "$created" | text one-time-link)
echo "   $inquiry"

echo "3. the person walks through the page"
curl -sSfL -o "$page" "$link"
press begin
for step in government-id selfie database document; do
	press submit passed
done
press finish completed

echo "4. the webhook"
tries=0
until curl -sSf "$at/_sandbox/deliveries" | tr '{' '\n' | grep "$webhook" | grep -q '"state":"completed"'; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || { echo "   it never came" >&2; exit 1; }
	sleep 0.1
done
echo "   inquiry.completed was delivered"

echo "5. the approval"
api POST "/inquiries/$inquiry/approve" | text status | sed 's/^/   the inquiry is /'
[ "$(api GET "/inquiries/$inquiry" | text status)" = approved ]
