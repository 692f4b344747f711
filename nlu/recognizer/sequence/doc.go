// Package sequence finds values that are recognised by their form: telephone numbers, e-mail addresses, URLs, IP addresses, GUIDs, hashtags,
// mentions and quoted text, in Chinese and English.
//
// Each kind has a scanner written by hand that reads the text from left to right and looks a bounded number of bytes around, so that time
// is linear. What belongs to a language or changes with the world is data: data/phone.yaml has the words that tell a telephone number from
// an order number, data/web.yaml schemes, hosts and quotation marks, data/tlds.txt the top-level domains.
//
// # Telephone numbers
//
// A number counts as a telephone number by its layout (figures in groups, an area code in brackets, a country code, an extension) unless
// something around or within it says otherwise: the word before ("order", 卡号), a unit or sign after, the form of a date, a bank card or a
// sum. Figures alone are weak evidence: [value.Find.Score] is then between 0 and 0.6, and the words of the customer or the slot that is
// being asked for must decide. Rule tells what is known of the form: "phone:cn-mobile", "phone:cn-landline", "phone:cn-service",
// "phone:international", "phone:bracketed", "phone:grouped", "phone:figures", "phone:spoken". A Chinese mobile number is certain by
// its form however low its score.
//
// Numbers read out are found too: 幺三八零零幺三八零零零, "one three eight double oh one ...".
//
// # Overlap
//
// Finds do not overlap: a number or an IP address within a URL is a part of the URL, whether URLs are asked for or not. Quoted text is
// the exception. It holds whatever is quoted, other quotations included, and is found only when asked for by name.
//
// # Repeated letters
//
// Folded text has no more than two equal letters in a row, so the value of a find may lack some: "www.aaah.cn" is "ww.aah.cn". The scanners
// mend "ww." at the start of a host; for the rest, and for capitals in a path, callers that have the raw text pass it to [Exact].
package sequence
