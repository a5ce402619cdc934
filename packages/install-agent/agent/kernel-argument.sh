# Words of the kernel's command line, which our iPXE script wrote.

# kernel_argument NAME: the value of NAME=value, or nothing.
kernel_argument() {
  # shellcheck disable=SC2013 # words are what we want
  for word in $(cat /proc/cmdline); do
    case $word in
    "$1"=*)
      echo "${word#*=}"
      return
      ;;
    esac
  done
}
