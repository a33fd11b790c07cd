"""A config that holds a secret wherever one can stand: none of them may be seen by who asks weir."""
from harness import free_port, receiving

SECRETS = ['0ldsecret', 'pa55w0rd', 'b3arer', 'tr0ub4dor', 'hunter2', 'ba51c', 'c0ntent', 'imp0rted']
CONFIG = '''// The old one: password = "0ldsecret"
discovery.process "all" {
  refresh_interval = "10s"
}
declare "send" {
  argument "word" { }
  pyroscope.write "out" {
    endpoint {
      url = "http://me:pa55w0rd@127.0.0.1:1"
      headers = {"Authorization" = "Bearer b3arer"}
    }
    endpoint {
      url = "http://127.0.0.1:1"
      basic_auth {
        username = "me"
        password = argument.word.value
      }
    }
  }
}
send "there" { word = "tr0ub4dor" }
pyroscope.write "here" {
  endpoint {
    url          = "http://127.0.0.1:1"
    bearer_token = "hunter2"
  }
  endpoint {
    url = "http://127.0.0.1:1"
    basic_auth {
      username = "me"
      password = "ba51c"
    }
  }
}
import.string "lib" {
  content = `declare "send" {
    // c0ntent
    argument "given" { }
    pyroscope.write "out" {
      endpoint {
        url          = "http://127.0.0.1:1"
        bearer_token = argument.given.value
      }
    }
  }`
}
lib.send "too" { given = "imp0rted" }
// <img src=x onerror=alert(1)> \u202e reversed
'''
# Its secret stands in a file.
FROM_A_FILE = '''
local.file "token" {{
  filename  = "{file}"
  is_secret = true
}}
pyroscope.write "by_token" {{
  endpoint {{
    url          = "http://127.0.0.1:1"
    bearer_token = local.file.token.content
  }}
}}
'''


def config_with_token(file):
    """With a secret more: the file's content."""
    return CONFIG + FROM_A_FILE.format(file=file) + receiving(free_port(), 'pyroscope.write.here.receiver')
