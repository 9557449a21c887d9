# The volume is mounted elsewhere in writer, with a link to it, and cannot be
# written in reader.
kubectl delete pod diary --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: diary
spec:
  containers:
  - name: writer
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args:
    - |
      rmdir /var/log && ln -s /shared /var/log
      while sleep 1; do echo entry $((n += 1)) >> /var/log/diary.log; done
    volumeMounts:
    - name: place
      mountPath: /shared
  - name: reader
    image: podlab.dev/toolbox:v1
    args: ["tail", "-F", "/var/log/diary.log"]
    volumeMounts:
    - name: place
      mountPath: /var/log
      readOnly: true
  volumes:
  - name: place
    emptyDir:
      medium: Memory
END
