package engine

import "strings"

// subdivision returns the name of a subdivision of the United States by its code, such as
// California. A code that it does not know is returned as it is.
func subdivision(code any) any {
	text, _ := code.(string)
	for entry := range strings.SplitSeq(subdivisions, ",") {
		if short, name, _ := strings.Cut(entry, "="); short == strings.ToUpper(text) {
			return name
		}
	}
	return code
}

const subdivisions = "AL=Alabama,AK=Alaska,AZ=Arizona,AR=Arkansas,CA=California,CO=Colorado,CT=Connecticut,DE=Delaware,DC=District of Columbia," +
	"FL=Florida,GA=Georgia,HI=Hawaii,ID=Idaho,IL=Illinois,IN=Indiana,IA=Iowa,KS=Kansas,KY=Kentucky,LA=Louisiana,ME=Maine,MD=Maryland," +
	"MA=Massachusetts,MI=Michigan,MN=Minnesota,MS=Mississippi,MO=Missouri,MT=Montana,NE=Nebraska,NV=Nevada,NH=New Hampshire,NJ=New Jersey," +
	"NM=New Mexico,NY=New York,NC=North Carolina,ND=North Dakota,OH=Ohio,OK=Oklahoma,OR=Oregon,PA=Pennsylvania,PR=Puerto Rico,RI=Rhode Island," +
	"SC=South Carolina,SD=South Dakota,TN=Tennessee,TX=Texas,UT=Utah,VT=Vermont,VA=Virginia,WA=Washington,WV=West Virginia,WI=Wisconsin,WY=Wyoming"
