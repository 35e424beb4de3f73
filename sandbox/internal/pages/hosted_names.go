package pages

// fieldNames returns the names of fields and of what is read from a document, by key.
func fieldNames() map[string]phrase {
	return map[string]phrase{
		"field name-first":         {"first name", "Vorname", "prénom", "nombre"},
		"field name-middle":        {"middle name", "zweiter Vorname", "deuxième prénom", "segundo nombre"},
		"field name-last":          {"last name", "Nachname", "nom de famille", "apellidos"},
		"field name-suffix":        {"name suffix", "Namenszusatz", "suffixe du nom", "sufijo del nombre"},
		"field native-name-first":  {"first name in the native script", "Vorname in der Originalschrift", "prénom dans l'écriture d'origine", "nombre en la escritura original"},
		"field native-name-middle": {"middle name in the native script", "zweiter Vorname in der Originalschrift", "deuxième prénom dans l'écriture d'origine", "segundo nombre en la escritura original"},
		"field native-name-last":   {"last name in the native script", "Nachname in der Originalschrift", "nom de famille dans l'écriture d'origine", "apellidos en la escritura original"},
		"field native-name-title":  {"title in the native script", "Titel in der Originalschrift", "titre dans l'écriture d'origine", "título en la escritura original"},
		"field birthdate":          {"date of birth", "Geburtsdatum", "date de naissance", "fecha de nacimiento"},
		"field birthplace":         {"place of birth", "Geburtsort", "lieu de naissance", "lugar de nacimiento"},
		"field sex":                {"sex", "Geschlecht", "sexe", "sexo"},
		"field height":             {"height", "Größe", "taille", "estatura"},
		"field nationality":        {"nationality", "Staatsangehörigkeit", "nationalité", "nacionalidad"},
		"field email-address":      {"email address", "E-Mail-Adresse", "adresse e-mail", "correo electrónico"},
		"field phone-number":       {"phone number", "Telefonnummer", "numéro de téléphone", "número de teléfono"},

		"field address-street-1":                     {"street", "Straße", "rue", "calle"},
		"field address-street-2":                     {"street, second line", "Straße, zweite Zeile", "rue, deuxième ligne", "calle, segunda línea"},
		"field address-city":                         {"city", "Ort", "ville", "ciudad"},
		"field address-subdivision":                  {"state or region", "Bundesland oder Region", "État ou région", "estado o región"},
		"field address-postal-code":                  {"postal code", "Postleitzahl", "code postal", "código postal"},
		"field address-country-code":                 {"country code of the address", "Ländercode der Adresse", "code du pays de l'adresse", "código de país de la dirección"},
		"field normalized-address-street-1":          {"street, normalized", "Straße, vereinheitlicht", "rue, normalisée", "calle, normalizada"},
		"field normalized-address-street-2":          {"street, second line, normalized", "Straße, zweite Zeile, vereinheitlicht", "rue, deuxième ligne, normalisée", "calle, segunda línea, normalizada"},
		"field normalized-address-city":              {"city, normalized", "Ort, vereinheitlicht", "ville, normalisée", "ciudad, normalizada"},
		"field normalized-address-subdivision":       {"state or region, normalized", "Bundesland oder Region, vereinheitlicht", "État ou région, normalisé", "estado o región, normalizado"},
		"field normalized-address-postal-code":       {"postal code, normalized", "Postleitzahl, vereinheitlicht", "code postal, normalisé", "código postal, normalizado"},
		"field country-code":                         {"country code", "Ländercode", "code du pays", "código de país"},
		"field selected-country-code":                {"selected country", "gewähltes Land", "pays choisi", "país elegido"},
		"field selected-id-class":                    {"selected type of ID", "gewählte Ausweisart", "type de pièce choisi", "tipo de documento elegido"},
		"field id-class":                             {"type of ID", "Ausweisart", "type de pièce", "tipo de documento"},
		"field identification-class":                 {"type of ID", "Ausweisart", "type de pièce", "tipo de documento"},
		"field identification-number":                {"ID number", "Ausweisnummer", "numéro de la pièce", "número del documento"},
		"field document-number":                      {"document number", "Dokumentnummer", "numéro du document", "número del documento físico"},
		"field document-type":                        {"type of document", "Art des Dokuments", "type de document", "tipo del documento"},
		"field document-expiry-date":                 {"expiry date of the document", "Ablaufdatum des Dokuments", "date d'expiration du document", "fecha de caducidad del documento"},
		"field document-issuing-date":                {"issue date of the document", "Ausstellungsdatum des Dokuments", "date de délivrance du document", "fecha de expedición del documento"},
		"field document-issuing-subdivision":         {"issuing state of the document", "ausstellende Region des Dokuments", "région de délivrance du document", "región de expedición del documento"},
		"field document-similarity-score":            {"similarity to the document", "Ähnlichkeit mit dem Dokument", "ressemblance avec le document", "similitud con el documento"},
		"field selfie-similarity-score-left":         {"similarity to the left selfie", "Ähnlichkeit mit dem linken Selfie", "ressemblance avec le selfie gauche", "similitud con el selfie izquierdo"},
		"field selfie-similarity-score-right":        {"similarity to the right selfie", "Ähnlichkeit mit dem rechten Selfie", "ressemblance avec le selfie droit", "similitud con el selfie derecho"},
		"field center-photo-face-coordinates":        {"position of the face", "Lage des Gesichts", "position du visage", "posición de la cara"},
		"field issue-date":                           {"issue date", "Ausstellungsdatum", "date de délivrance", "fecha de expedición"},
		"field expiration-date":                      {"expiry date", "Ablaufdatum", "date d'expiration", "fecha de caducidad"},
		"field issuing-authority":                    {"issuing authority", "ausstellende Behörde", "autorité de délivrance", "autoridad de expedición"},
		"field issuing-subdivision":                  {"issuing state", "ausstellende Region", "région de délivrance", "región de expedición"},
		"field designations":                         {"designations", "Vermerke", "mentions", "menciones"},
		"field endorsements":                         {"endorsements", "Zusatzberechtigungen", "autorisations supplémentaires", "autorizaciones adicionales"},
		"field restrictions":                         {"restrictions", "Einschränkungen", "restrictions", "restricciones"},
		"field vehicle-class":                        {"vehicle class", "Fahrzeugklasse", "catégorie de véhicule", "clase de vehículo"},
		"field visa-status":                          {"visa status", "Visumstatus", "statut du visa", "estado del visado"},
		"field entity-confidence-score":              {"confidence that it is an ID", "Sicherheit, dass es ein Ausweis ist", "certitude qu'il s'agit d'une pièce d'identité", "certeza de que es un documento de identidad"},
		"field entity-confidence-reasons":            {"reasons for this confidence", "Gründe für diese Sicherheit", "raisons de cette certitude", "motivos de esta certeza"},
		"field extraction-responses":                 {"extracted data", "ausgelesene Daten", "données extraites", "datos extraídos"},
		"field fields":                               {"fields", "Felder", "champs", "campos"},
		"field back-photo-url":                       {"address of the photo of the back", "Adresse des Fotos der Rückseite", "adresse de la photo du verso", "dirección de la foto del reverso"},
		"field video-url":                            {"address of the video", "Adresse des Videos", "adresse de la vidéo", "dirección del vídeo"},
		"field government-identification-number-map": {"ID numbers", "Ausweisnummern", "numéros de pièces", "números de documentos"},
		"field current-government-id":                {"government ID", "Ausweis", "pièce d'identité", "documento de identidad"},
		"field current-selfie":                       {"selfie", "Selfie", "selfie", "selfie"},
	}
}

// claims returns what a relay asks, by key.
func claims() map[string]phrase {
	over := func(age string, of phrase) phrase {
		return phrase{"over " + age + " years old, " + of.en, "über " + age + " Jahre alt, " + of.de, "plus de " + age + " ans, " + of.fr, "mayor de " + age + " años, " + of.es}
	}
	verified := phrase{"verified", "geprüft", "vérifié", "comprobado"}
	australia := phrase{"Australia", "Australien", "Australie", "Australia"}
	return map[string]phrase{
		"claim live_human_presence":       {"live human presence", "Anwesenheit eines echten Menschen", "présence d'une personne réelle", "presencia de una persona real"},
		"claim age_over16_australia":      over("16", australia),
		"claim age_over18_australia":      over("18", australia),
		"claim age_over18_brazil":         over("18", phrase{"Brazil", "Brasilien", "Brésil", "Brasil"}),
		"claim age_over18_france":         over("18", phrase{"France", "Frankreich", "France", "Francia"}),
		"claim age_over18_germany":        over("18", phrase{"Germany", "Deutschland", "Allemagne", "Alemania"}),
		"claim age_over18_italy":          over("18", phrase{"Italy", "Italien", "Italie", "Italia"}),
		"claim age_over18_united_kingdom": over("18", phrase{"United Kingdom", "Vereinigtes Königreich", "Royaume-Uni", "Reino Unido"}),
		"claim age_over18_verified":       over("18", verified),
		"claim age_over21_verified":       over("21", verified),
	}
}

// rareSteps returns the names of the steps that few templates have, by key.
func rareSteps() map[string]phrase {
	digitalID := func(name string) phrase {
		return phrase{"Digital ID: " + name, "Digitale Identität: " + name, "Identité numérique : " + name, "Identidad digital: " + name}
	}
	return map[string]phrase{
		"step aamva":                       {"Check of the driver license", "Prüfung des Führerscheins", "Contrôle du permis de conduire", "Comprobación del permiso de conducir"},
		"step bank-pennydrop":              {"Bank account, small transfer", "Bankkonto, kleine Überweisung", "Compte bancaire, petit virement", "Cuenta bancaria, pequeña transferencia"},
		"step brand-asset":                 {"Brand", "Marke", "Marque", "Marca"},
		"step business-website":            {"Website of the business", "Website des Unternehmens", "Site de l'entreprise", "Sitio web de la empresa"},
		"step certificate-korea":           {"Korean certificate", "Koreanisches Zertifikat", "Certificat coréen", "Certificado coreano"},
		"step credit-card":                 {"Credit card", "Kreditkarte", "Carte de crédit", "Tarjeta de crédito"},
		"step database-aadhaar":            {"Aadhaar number", "Aadhaar-Nummer", "Numéro Aadhaar", "Número Aadhaar"},
		"step database-business":           {"Business details", "Angaben zum Unternehmen", "Données de l'entreprise", "Datos de la empresa"},
		"step database-business-footprint": {"Traces of the business", "Spuren des Unternehmens", "Traces de l'entreprise", "Huella de la empresa"},
		"step database-ecbsv":              {"Social security number", "Sozialversicherungsnummer", "Numéro de sécurité sociale", "Número de la seguridad social"},
		"step database-phone-carrier":      {"Details from the phone carrier", "Angaben des Mobilfunkanbieters", "Données de l'opérateur téléphonique", "Datos del operador telefónico"},
		"step database-serpro":             {"Serpro records", "Register von Serpro", "Registres de Serpro", "Registros de Serpro"},
		"step database-standard":           {"Personal details", "Persönliche Angaben", "Données personnelles", "Datos personales"},
		"step database-tin":                {"Tax number", "Steuernummer", "Numéro fiscal", "Número fiscal"},
		"step database-vat-number":         {"VAT number", "Umsatzsteuer-Nummer", "Numéro de TVA", "Número de IVA"},

		"step digital-id-connect-id":            digitalID("ConnectID"),
		"step digital-id-e-do-app":              digitalID("eDO App"),
		"step digital-id-finnish-trust-network": digitalID("Finnish Trust Network"),
		"step digital-id-france-identite":       digitalID("France Identité"),
		"step digital-id-generic":               {"Digital ID", "Digitale Identität", "Identité numérique", "Identidad digital"},
		"step digital-id-idin":                  digitalID("iDIN"),
		"step digital-id-its-me":                digitalID("itsme"),
		"step digital-id-kcb-credit-card":       digitalID("KCB"),
		"step digital-id-mit-id":                digitalID("MitID"),
		"step digital-id-one-id":                digitalID("OneID"),
		"step digital-id-philsys":               digitalID("PhilSys"),
		"step digital-id-serpro":                digitalID("Serpro"),
		"step digital-id-singpass":              digitalID("Singpass"),
		"step digital-id-swedish-bank-id":       digitalID("BankID"),
		"step digital-id-uk-sharecode":          digitalID("share code"),
		"step digital-id-world-id":              digitalID("World ID"),

		"step email-address":                              {"Email address", "E-Mail-Adresse", "Adresse e-mail", "Correo electrónico"},
		"step government-id-nfc":                          {"Chip of the government ID", "Chip des Ausweises", "Puce de la pièce d'identité", "Chip del documento de identidad"},
		"step jp-my-number-nfc-scan":                      {"Chip of the My Number card", "Chip der My-Number-Karte", "Puce de la carte My Number", "Chip de la tarjeta My Number"},
		"step mdoc":                                       {"Mobile driver license", "Mobiler Führerschein", "Permis de conduire mobile", "Permiso de conducir móvil"},
		"step persona-fff-inquiry":                        {"Earlier verification", "Frühere Überprüfung", "Vérification antérieure", "Verificación anterior"},
		"step phone-number":                               {"Phone number", "Telefonnummer", "Numéro de téléphone", "Número de teléfono"},
		"step phone-number-silent-network-authentication": {"Phone number, by the network", "Telefonnummer, über das Netz", "Numéro de téléphone, par le réseau", "Número de teléfono, por la red"},
		"step qes-infocert":                               {"Qualified electronic signature", "Qualifizierte elektronische Signatur", "Signature électronique qualifiée", "Firma electrónica cualificada"},
		"step verifiable-credential":                      {"Verifiable credential", "Überprüfbarer Nachweis", "Justificatif vérifiable", "Credencial verificable"},
	}
}
