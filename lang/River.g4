// The config language, stated formally: for readers, and for tools that take ANTLR 4 grammars. weir itself parses by
// hand (parser.h), so that it can recover and say what was meant; a test holds the two against each other.
//
// One thing a lexer of this kind cannot do: TERMINATOR. It is put between tokens, by these rules.
//
//  - A token that can end an operand arms: IDENT, BOOL, NULL_VALUE, NUMBER, FLOAT, any string, ')', ']', '}'. Any other
//    token disarms.
//  - While armed, the next NEWLINE, or the end of the file, yields one TERMINATOR and disarms.
//  - While armed, a comment that runs to the end of its line yields one TERMINATOR in front of it: a LINE_COMMENT; a
//    BLOCK_COMMENT that holds a newline, or behind which only blanks and comments follow up to a newline or the end of
//    the file. Any other comment disarms.
//
// Brackets do not matter: a list of several lines needs a comma at the end of each.
//
// A byte order mark may be the first character of a file. Bytes that are no UTF-8 are an error.
grammar River;

tokens { TERMINATOR }

file : body EOF ;

// One expression alone, as tools read it. What stands behind its terminator is not looked at.
single : expression TERMINATOR ;

body : (statement (TERMINATOR statement)* TERMINATOR?)? ;

statement : attribute | block ;

attribute : IDENT '=' expression ;

block : IDENT ('.' IDENT)* label? '{' body '}' ;

// Empty, or an identifier in double quotes.
label : QUOTED_NAME ;

// From loose to tight. All but '^' group from the left.
expression : conjunction ('||' conjunction)* ;
conjunction : comparison ('&&' comparison)* ;
comparison : sum (('==' | '!=' | '<' | '<=' | '>' | '>=') sum)* ;
sum : product (('+' | '-') product)* ;
product : power (('*' | '/' | '%') power)* ;
power : unary ('^' power)? ;
// Tighter than '^': -2 ^ 2 is 4.
unary : ('!' | '-') unary | operand ;
operand : primary ('.' IDENT | '[' expression ']' | '(' (expression (',' expression)* ','?)? ')')* ;

primary
  : IDENT | string | NUMBER | FLOAT | BOOL | NULL_VALUE
  | '(' expression ')'
  | '[' (expression (',' expression)* ','?)? ']'
  | '{' (field (',' field)* ','?)? '}'
  ;

field : (IDENT | string) '=' expression ;

string : QUOTED_NAME | QUOTED_KEYWORD | STRING | RAW_STRING ;

BOOL : 'true' | 'false' ;
NULL_VALUE : 'null' ;
IDENT : LETTER (LETTER | DIGIT)* ;

// A leading 0 selects octal when the value is computed; there is no other form.
NUMBER : [0-9]+ ;
FLOAT : [0-9]+ '.' [0-9]* EXPONENT? | '.' [0-9]+ EXPONENT? | [0-9]+ EXPONENT ;
fragment EXPONENT : [eE] [+-]? [0-9]+ ;

QUOTED_KEYWORD : '"' ('true' | 'false' | 'null') '"' ;
QUOTED_NAME : '"' (LETTER (LETTER | DIGIT)*)? '"' ;
STRING : '"' (ESCAPE | ~["\\\n\u0000\uFEFF])* '"' ;
RAW_STRING : '`' ~[`\u0000\uFEFF]* '`' ;

LINE_COMMENT : '//' ~[\n\u0000\uFEFF]* -> channel(HIDDEN) ;
BLOCK_COMMENT : '/*' ~[\u0000\uFEFF]*? '*/' -> channel(HIDDEN) ;
NEWLINE : '\n' -> channel(HIDDEN) ;
BLANK : [ \t\r]+ -> skip ;

UNCLOSED_COMMENT : '/*' ;
// An exponent without digits.
BAD_FLOAT : ([0-9]+ ('.' [0-9]*)? | '.' [0-9]+) [eE] [+-]? ;
ILLEGAL : . ;

fragment LETTER : [\p{L}_] ;
fragment DIGIT : [\p{Nd}] ;

fragment ESCAPE
  : '\\' ([abfnrtv\\"] | [0-3] [0-7] [0-7] | 'x' HEX HEX | 'u' PLANE | 'U' '0000' PLANE | 'U' '000' [1-9a-fA-F] HEX HEX HEX HEX
  | 'U' '0010' HEX HEX HEX HEX)
  ;
// No surrogates: those are no characters.
fragment PLANE : [0-9abcefABCEF] HEX HEX HEX | [dD] [0-7] HEX HEX ;
fragment HEX : [0-9a-fA-F] ;
