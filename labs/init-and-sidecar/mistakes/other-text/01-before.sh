cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  initContainers:
  - name: migrate
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "sleep 2; echo done > /data/schema"]
    volumeMounts:
    - name: data
      mountPath: /data
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "cat /data/schema && exec serve"]
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    emptyDir: {}
END
kubectl apply -f shop.yaml
