// Package media looks at what comes besides text: pictures, links, emoji.
//
// [Check] refuses attachments that no part of the robot could use, as a *dialogue.InputError that names the field. [Reader] prepares the
// rest before the turn: a link of an allowed host gets its page's title, a picture gets a caption from the operator's image model through
// a [Captioner]. It never makes a turn fail or wait longer than its time limit: what could not be learnt is left empty, and the policy then
// asks what the picture shows. Pictures are referred to, not fetched; only pages are, through the guard of package action.
//
// [Emoji] knows which emoji and which stickers in brackets ([抓狂]) say how a customer feels.
//
// Caveats: titles and captions are written by others. They are data about the attachment, cut to a length and freed of control characters,
// but whoever shows them must escape them, and they must never be taken for the customer's own words.
package media
