podlab answer apart a
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: open
spec:
  shareProcessNamespace: true
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
  - name: helper
    image: podlab.dev/toolbox:v1
    args: ["sleep", "infinity"]
END
kubectl wait --for=condition=Ready pod/open --timeout=60s
kubectl exec open -c helper -- sh -c 'kill $(ps | grep "toolbox sleep" | grep -v grep | tr -s " " | cut -d " " -f 2)'
